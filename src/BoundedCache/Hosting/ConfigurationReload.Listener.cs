using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace BoundedCache.Hosting;

/// <content>How a reload learns of changes.</content>
internal sealed partial class ConfigurationReload
{
    /// <summary>
    /// The part of a reload that the configuration holds. It stops listening at the first change after the reload is
    /// gone.
    /// </summary>
    private sealed class Listener(ConfigurationReload reload) : IDisposable
    {
        private readonly WeakReference<ConfigurationReload> _reload = new(reload);
        private IDisposable? _registration;

        public void Listen(IConfiguration configuration) =>
            _registration = ChangeToken.OnChange(
                configuration.GetReloadToken, static listener => listener.OnChanged(), this);

        public void Dispose() => _registration?.Dispose();

        private void OnChanged()
        {
            if (_reload.TryGetTarget(out ConfigurationReload? reload))
            {
                reload.OnChanged();
            }
            else
            {
                Dispose();
            }
        }
    }
}
