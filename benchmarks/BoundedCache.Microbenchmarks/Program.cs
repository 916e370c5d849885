using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using BoundedCache.Harness;
using BoundedCache.Microbenchmarks;
using Perfolizer.Horology;

// In this process: BenchmarkDotNet's own way, projects that it generates and builds, takes a minute for each of
// hundreds of cases. What it would keep apart, heap and compiled code, each case's setup makes anew as far as it can;
// the load runs use processes of their own.
ManualConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddJob(Job.Default
        .WithToolchain(InProcessEmitToolchain.Instance)
        .WithWarmupCount(3)
        .WithIterationCount(7)
        .WithIterationTime(TimeInterval.FromMilliseconds(100)));

Console.WriteLine(RunStamp.Take("benchmarks/BoundedCache.Microbenchmarks", args));
BenchmarkSwitcher.FromAssembly(typeof(Lookups).Assembly).Run(args, config);
