"""The main job, told once from city to verified change: story, maps and report."""
