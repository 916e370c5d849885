namespace BoundedCache.MemoryScenarios.Scenarios;

/// <summary>Values that the table drops and somebody else still refers to.</summary>
internal sealed class HeldElsewhere : SmallArrays
{
    private readonly List<object> _holder = [];

    protected override object Make()
    {
        object value = base.Make();
        _holder.Add(value);
        return value;
    }
}
