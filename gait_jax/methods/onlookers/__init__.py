"""Who says how surely a clip in colour shows somebody who walks."""
