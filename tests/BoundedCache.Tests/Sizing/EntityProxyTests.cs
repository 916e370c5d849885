using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Proxies.Internal;

namespace BoundedCache.Tests.Sizing
{
    /// <summary>Proxies as EF's <c>UseChangeTrackingProxies</c> makes them, by types of the same names.</summary>
    public sealed class EntityProxyTests
    {
        [Fact]
        public void The_proxy_of_an_entity_is_not_charged_the_model() =>
            Assert.InRange(Truth.Measure(new PropertyChangedInterceptor(new Model())), 1, 100);

        [Fact]
        public void A_model_that_is_a_value_is_charged() =>
            Assert.InRange(Truth.Measure(new Holder(new Model())), 100_000, 101_000);

        private sealed record Holder(IEntityType Type);

        private sealed class Model : IEntityType
        {
            public byte[] Bytes { get; } = new byte[100_000];
        }
    }
}

namespace Microsoft.EntityFrameworkCore.Metadata
{
    internal interface IEntityType;
}

namespace Microsoft.EntityFrameworkCore.Proxies.Internal
{
    internal sealed class PropertyChangedInterceptor(IEntityType type)
    {
        public IEntityType Type { get; } = type;
    }
}
