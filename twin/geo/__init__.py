"""Where things are: projections, open data, the city folder and what is generated into it."""
