"""What an error of ATC means, in our own words, in English and Chinese."""
