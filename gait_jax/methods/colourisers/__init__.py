"""Methods that paint an anonymised gait."""
