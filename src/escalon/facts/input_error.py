"""Whether an error says what is wrong with what somebody wrote, or is a fault of the program."""


def is_about_the_input(error: BaseException) -> bool:
    """Whether Escalon's own code raised a ValueError, to say what is wrong with the input; a library's is a fault of ours.

    One definition for every door: the command line answers with exit code 2, a page with status 422.
    """
    if not isinstance(error, ValueError):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    raiser = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else type(error).__module__
    return str(raiser).partition(".")[0] == __name__.partition(".")[0]
