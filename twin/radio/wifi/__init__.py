"""Wi-Fi: rates, airtime and coverage of IEEE 802.11."""
