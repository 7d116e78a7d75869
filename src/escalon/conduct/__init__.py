"""What may happen next: authority, sequence, signing, and the recording of one event at a time."""
