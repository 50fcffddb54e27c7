"""Methods that give the original back from an anonymised gait: what anonymisers are judged by."""
