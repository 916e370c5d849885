using System.Globalization;
using BoundedCache.Comparisons;
using BoundedCache.Harness;

// Numbers mean the same in every results file.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
using var interruption = new Interruption();
return (int)await new ComparisonApplication(Console.Out, Console.Error)
    .RunAsync(args, interruption.Token)
    .ConfigureAwait(false);
