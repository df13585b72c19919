"""Binaural clips: recordings of one channel heard through measured impulse responses of the left and the right ear."""
