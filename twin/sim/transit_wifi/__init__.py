"""Wi-Fi on trams and buses: lines, vehicles, passengers, and the way back over the cells."""
