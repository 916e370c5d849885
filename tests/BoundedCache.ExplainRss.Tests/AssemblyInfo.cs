// Two processes that build 200 MiB at a time on a small machine disturb each other's collectors.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
