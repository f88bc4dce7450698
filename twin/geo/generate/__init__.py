"""What is generated where no open data was to hand: seeded, flagged synthetic, written once."""
