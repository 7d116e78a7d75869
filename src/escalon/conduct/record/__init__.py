"""Record: the one way in, for desk, page, interface and import alike."""
