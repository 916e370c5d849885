// Each test brings its own crowd of threads; two at a time would only take the processors from each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
