"""Tables, figures, pages and documents of what the layers beneath concluded; nothing is decided here."""
