// The examples build hundreds of MiB: two at a time on a small machine disturb each other's collectors.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
