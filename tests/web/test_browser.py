"""In a real browser: the form scores as one types, and agrees with the server."""

from tests.web.live import IN_CHROMIUM, expect

pytestmark = IN_CHROMIUM


def answer(page, name, value):
    """Answer a question with one of the choices that lie side by side."""
    page.check(f"input[name='{name}'][value='{value}']", force=True)


def open_lists(page):
    page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")


def test_a_score_appears_as_one_types_and_disappears_when_an_item_is_wrong(window, study_address):
    page = window.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{study_address}/instruments/das28_esr")
    shown, notes = page.locator("#score"), page.locator("#notes")
    expect(shown).to_contain_text("0 to 9.84, remission to high")
    expect(page.locator("#missing")).to_contain_text("tender joints of 28")
    for name, value in {"tender": "4", "swollen": "5", "esr": "7", "global_health": "50"}.items():
        page.fill(f"#{name}", value)
    page.select_option("[name='global_health.unit']", "mm")
    expect(shown).to_have_text("3.8082, moderate")
    expect(page.locator("#score[data-by=server]")).to_have_count(1)
    for wrong in ("29", "4.5", "four"):
        page.fill("#tender", wrong)
        expect(shown).to_have_text("not accepted")
        expect(notes).to_contain_text("tender")
    expect(page.locator("#differs")).to_be_hidden()
    assert problems == []


def test_a_number_in_either_of_two_units_asks_for_its_unit_and_says_it_with_the_answer(window, study_address):
    page = window.new_page()
    page.goto(f"{study_address}/instruments/cockcroft_gault")
    answer(page, "sex", "female")
    for name, value in {"age": "40", "weight": "60", "creatinine": "0.9"}.items():
        page.fill(f"#{name}", value)
    expect(page.locator("#score")).to_have_text("not accepted")
    expect(page.locator("#notes")).to_contain_text("0.9 has no unit")
    page.select_option("[name='creatinine.unit']", "mg/dL")
    expect(page.locator("#score")).to_contain_text("mL/min")
    expect(page.locator("[id='creatinine-says']")).to_contain_text("= 79.56\u00a0umol/L")


def test_what_was_filled_in_stays_in_the_address_with_the_options(window, study_address):
    page = window.new_page()
    page.goto(f"{study_address}/instruments/das28_esr")
    page.fill("#tender", "4")
    page.select_option("[name='option.zero_esr']", index=1)
    expect(page.locator("#missing")).to_contain_text("swollen joints of 28")
    page.reload()
    assert page.input_value("#tender") == "4"
    assert page.eval_on_selector("[name='option.zero_esr']", "field => field.selectedIndex") == 1


def test_a_checklist_scores_only_once_every_item_is_assessed(window, study_address):
    page = window.new_page()
    page.goto(f"{study_address}/instruments/sledai_2k")
    answer(page, "arthritis", "yes")
    expect(page.locator("#score")).to_contain_text("4 to 105")
    page.click("[data-attest]")
    expect(page.locator("#score")).to_have_text("4")


def test_items_that_contradict_each_other_make_no_score(window, study_address):
    page = window.new_page()
    page.goto(f"{study_address}/instruments/sledai_2k")
    answer(page, "plt", "yes")
    page.fill("#platelets", "250")
    page.select_option("[name='platelets.unit']", "10^9/L")
    expect(page.locator("#score")).to_have_text("not accepted")


def test_a_line_has_no_mark_until_it_is_touched_and_joints_are_marked_by_keyboard_alone(window, study_address):
    page = window.new_page()
    page.goto(f"{study_address}/instruments/das28_esr")
    line = page.locator(".vas")
    expect(line).to_have_class("vas empty")
    assert page.input_value("#global_health") == ""
    page.locator("[data-line]").focus()
    page.keyboard.press("ArrowRight")
    expect(line).to_have_class("vas")
    assert page.input_value("#global_health") == "51"
    page.locator("[data-mark]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    assert page.locator("[data-mark][aria-checked=true]").count() == 1
    assert page.locator("[data-mark][data-x]").count() == 1
