"""Models of 3GPP TR 38.901: path loss, line of sight, entry loss, shadowing."""
