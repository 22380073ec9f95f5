"""Moves every item to its next step, exactly once, and ends batches.

consumes: BatchLaunched, ItemAdded, StepDispatched, ItemCompleted, StepFailed, BatchPaused, BatchResumed,
          BatchCancelled
emits:    StepScheduled, BatchCompleted
owns:     batch, item, step (schema `sequencer`)
extras:   state.py (the rows)
"""
