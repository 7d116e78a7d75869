"""Tables: each a function of data that returns a grid, which prints as text, HTML or CSV."""
