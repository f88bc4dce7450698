"""What-if questions: a changed city, and what the change costs or gains."""
