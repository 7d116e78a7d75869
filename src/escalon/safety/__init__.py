"""What a trial counts: adverse events, dose-limiting toxicity, seriousness, periods; grades are instruments."""
