-- What became of dead letters is looked up by every service when it starts; there are few, in a log of millions.
CREATE INDEX events_dead_letters_settled ON log.events (position)
    WHERE type IN ('DeadLetterRetried', 'DeadLetterResolved');
