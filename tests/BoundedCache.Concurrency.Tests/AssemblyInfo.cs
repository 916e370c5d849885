// Each test starts many threads of its own; two tests at a time would only compete for the processors.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
