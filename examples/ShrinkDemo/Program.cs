using BoundedCache.Harness;
using BoundedCache.ShrinkDemo;

using var interruption = new Interruption();
var terminal = DemoTerminal.OfProcess();
return (int)await new DemoApplication(terminal).RunAsync(args, interruption.Token).ConfigureAwait(false);
