using System.Globalization;
using BoundedCache.Harness;
using BoundedCache.LoadRuns;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
using var interruption = new Interruption();
return (int)await LoadApplication.RunAsync(args, interruption.Token).ConfigureAwait(false);
