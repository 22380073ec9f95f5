"""Has every scheduled step done: SYNC ones here, ASYNC ones at a provider, each entity once.

consumes: WorkflowConfigured, ConfigurationRemoved, BatchLaunched, BatchPaused, BatchResumed, BatchCancelled,
          BatchCompleted, FailedItemsRetried, BudgetSet, ItemAdded, StepScheduled, StepDispatched, DispatchRefused,
          DispatchTimedOut, EnrichmentReceived, ItemCompleted, AnswerReused, TenantConfigured
emits:    StepDispatched, DispatchRefused, DispatchTimedOut, ItemCompleted, AnswerReused, StepFailed, BatchPaused
owns:     batch, item, config, budget, tenant, claim, waiter, dispatch, webhook, sending (schema `dispatcher`)
extras:   tables.py, configuration.py (settings of a step), spending.py (what calls may cost), submissions.py (what
          webhooks have taken), claims.py (one entity, one call), arrivals.py (answers as they come), steps.py (what a
          step comes to), answers.py (what an answer sets), recall.py (what was answered already), warehouse.py (what
          another client was answered), workflows/ (SYNC functions), due.py (what is to be sent, fairly), posting.py
          (one POST), sending.py (all of them), webhooks.py (how each may be called), deadlines.py (missing answers),
          plans.py (what a launch would do)
"""
