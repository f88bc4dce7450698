"""Models fitted to measurements in cities: Okumura-Hata, COST 231-Hata, Kun."""
