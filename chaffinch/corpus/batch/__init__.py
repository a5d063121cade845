"""One batch of visits into the corpus, in four phases: admit, judge, learn, write."""
