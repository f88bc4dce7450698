"""LoRaWAN: time on air, channels and duty cycle, link budget, rate adaptation, collisions."""
