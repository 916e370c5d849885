namespace BoundedCache.LoadService.Control;

/// <summary>
/// Ends the service when its standard input ends. So it never outlives the process that started it.
/// </summary>
internal static class Leash
{
    public static void Fasten(IHostApplicationLifetime lifetime)
    {
        var thread = new Thread(() => Hold(lifetime)) { IsBackground = true, Name = "leash" };
        thread.Start();
    }

    private static void Hold(IHostApplicationLifetime lifetime)
    {
        Stream input = Console.OpenStandardInput();
        Span<byte> buffer = stackalloc byte[64];
        while (input.Read(buffer) > 0)
        {
        }

        lifetime.StopApplication();
    }
}
