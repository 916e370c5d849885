using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Tests.Hosting;

/// <summary>A section that counts the listeners to its changes.</summary>
internal sealed class CountingSection(IConfigurationSection inner) : IConfigurationSection
{
    private int _listeners;

    public int Listeners => Volatile.Read(ref _listeners);

    public string Key => inner.Key;

    public string Path => inner.Path;

    public string? Value
    {
        get => inner.Value;
        set => inner.Value = value;
    }

    public string? this[string key]
    {
        get => inner[key];
        set => inner[key] = value;
    }

    public IEnumerable<IConfigurationSection> GetChildren() => inner.GetChildren();

    public IConfigurationSection GetSection(string key) => inner.GetSection(key);

    public IChangeToken GetReloadToken() => new Token(this, inner.GetReloadToken());

    private sealed class Token(CountingSection section, IChangeToken token) : IChangeToken
    {
        public bool HasChanged => token.HasChanged;

        public bool ActiveChangeCallbacks => token.ActiveChangeCallbacks;

        public IDisposable RegisterChangeCallback(Action<object?> callback, object? state)
        {
            var registration = new Registration(section);
            registration.Inner = token.RegisterChangeCallback(
                argument =>
                {
                    registration.End();
                    callback(argument);
                },
                state);
            return registration;
        }
    }

    /// <summary>Ends when it is disposed, or at the change: it reports only one change.</summary>
    private sealed class Registration : IDisposable
    {
        private readonly CountingSection _section;
        private int _hasEnded;

        public Registration(CountingSection section)
        {
            _section = section;
            Interlocked.Increment(ref section._listeners);
        }

        public IDisposable? Inner { get; set; }

        public void End()
        {
            if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
            {
                Interlocked.Decrement(ref _section._listeners);
            }
        }

        public void Dispose()
        {
            Inner?.Dispose();
            End();
        }
    }
}
