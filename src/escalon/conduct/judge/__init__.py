"""Judge: questions of study, history and moment, answered alike whatever asks; nothing here records."""
