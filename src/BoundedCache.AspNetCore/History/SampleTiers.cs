namespace BoundedCache.AspNetCore.History;

/// <summary>
/// The samples that are kept: the newest at the interval of sampling, older ones a minute apart, the oldest ten minutes
/// apart. Of each such span the sample with the highest RSS is kept: peaks are what ends processes. Where the clock
/// goes back, samples that are then dated in the future are dropped. Not thread-safe.
/// </summary>
internal sealed class SampleTiers(int finest, TimeSpan interval)
{
    private Queue<SampleView> _finest = new();
    private readonly CoarseTier[] _coarse =
    [
        .. new CoarseTier[] { new(TimeSpan.FromMinutes(1), 240), new(TimeSpan.FromMinutes(10), 144) }
            .Where(tier => tier.Span > interval),
    ];

    public SampleView? Last { get; private set; }

    public void Add(SampleView sample)
    {
        if (sample.Time <= Last?.Time)
        {
            // The clock went back. What is dated later than now would be taken for what comes.
            _finest = new Queue<SampleView>(_finest.Where(known => known.Time < sample.Time));
            Array.ForEach(_coarse, tier => tier.DropFrom(sample.Time));
        }

        Last = sample;
        _finest.Enqueue(sample);
        if (_finest.Count > finest)
        {
            _finest.Dequeue();
        }

        foreach (CoarseTier tier in _coarse)
        {
            tier.Add(sample);
        }
    }

    /// <summary>The samples after a moment, oldest first, at the finest distance that each part is kept at.</summary>
    public IReadOnlyList<SampleView> After(DateTimeOffset since)
    {
        List<IEnumerable<SampleView>> parts = [];
        DateTimeOffset begin = DateTimeOffset.MaxValue;
        foreach (IEnumerable<SampleView> tier in (IEnumerable<IEnumerable<SampleView>>)
            [_finest, .. _coarse.Select(static tier => tier.Samples)])
        {
            SampleView[] older = [.. tier.Where(sample => sample.Time < begin && sample.Time > since)];
            parts.Add(older);
            begin = tier.FirstOrDefault() is { } first && first.Time < begin ? first.Time : begin;
        }

        parts.Reverse();
        return [.. parts.SelectMany(static part => part)];
    }

    /// <summary>One sample for each span of time.</summary>
    private sealed class CoarseTier(TimeSpan span, int most)
    {
        private Queue<SampleView> _samples = new();
        private SampleView? _highest;

        public TimeSpan Span => span;

        public IEnumerable<SampleView> Samples => _samples;

        public void DropFrom(DateTimeOffset time)
        {
            _samples = new Queue<SampleView>(_samples.Where(known => known.Time < time));
            _highest = _highest?.Time < time ? _highest : null;
        }

        public void Add(SampleView sample)
        {
            if (_highest is not null && sample.Time.Ticks / span.Ticks != _highest.Time.Ticks / span.Ticks)
            {
                _samples.Enqueue(_highest);
                if (_samples.Count > most)
                {
                    _samples.Dequeue();
                }

                _highest = null;
            }

            if (_highest is null || (sample.ResidentBytes ?? 0) >= (_highest.ResidentBytes ?? 0))
            {
                _highest = sample;
            }
        }
    }
}
