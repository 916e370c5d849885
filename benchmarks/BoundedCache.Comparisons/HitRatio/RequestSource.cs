using BoundedCache.Harness.Traces;

namespace BoundedCache.Comparisons.HitRatio;

/// <summary>A trace by name, which can be read from its beginning as often as it takes.</summary>
/// <param name="Name">For tables.</param>
/// <param name="Requests">Its requests, anew with each call.</param>
internal sealed record RequestSource(string Name, Func<IEnumerable<TraceRequest>> Requests)
{
    public static RequestSource Synthetic(bool isSmall)
    {
        SyntheticTrace trace = isSmall ? new SyntheticTrace { Keys = 1_000, Requests = 10_000 } : new SyntheticTrace();
        return new RequestSource(
            $"synthetic: {trace.Requests:N0} requests of {trace.Keys:N0} keys, Zipf {trace.Skew}, seed {trace.Seed}",
            trace.Generate);
    }

    public static RequestSource File(string path, long sizeOfKeysAlone) =>
        new(Path.GetFileName(path), () => Read(path, sizeOfKeysAlone));

    private static IEnumerable<TraceRequest> Read(string path, long sizeOfKeysAlone)
    {
        using var reader = new TraceReader(path, sizeOfKeysAlone);
        while (reader.TryRead(out TraceRequest request))
        {
            yield return request;
        }

        if (reader.LineNumber == 0)
        {
            throw new TraceException($"{path} holds no requests; a line is 'key', {TraceLine.Expected}");
        }
    }
}
