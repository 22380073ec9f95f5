"""Moves every item to its next step, exactly once, and ends batches.

consumes: BatchLaunched, ItemAdded, StepDispatched, ItemCompleted, StepFailed, BatchPaused, BatchResumed,
          BatchCancelled, FailedItemsRetried
emits:    StepScheduled, BatchCompleted, ItemCompleted
owns:     batch, item, step (schema `sequencer`)
"""
