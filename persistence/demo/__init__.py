"""The demo: a catalogue, a tree of channels and files of cards, loaded as people would enter them."""
