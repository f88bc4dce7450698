"""From a carrier and a SINR to bits per second, in both directions."""
