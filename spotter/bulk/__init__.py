"""Reads millions of photos on many machines with Ray Data: `spotter bulk SOURCE OUT`."""
