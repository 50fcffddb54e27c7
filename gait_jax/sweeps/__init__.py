"""Many runs of one configuration: which ones, who does them, what came of them together."""
