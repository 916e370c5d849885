// Runs start processes that keep to schedules; two at a time would only take the processors from each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
