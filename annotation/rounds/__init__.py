"""Rounds of fine-tuning on corrected photos: pick, train, judge, promote. See annotation/README.md."""
