using HubshareDemo.Auth;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Connections;

namespace HubshareDemo.Hubs;

/// <summary>The one hub, reachable in two ways: configured for tokens in subprotocols, and as a stock server has it.</summary>
public sealed class HubEndpoints(DemoOptions options)
{
    public const string Ops = "/hubs/ops";
    public const string Stock = "/hubs/stock";

    private readonly List<HttpConnectionDispatcherOptions> offers = [];

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHub<OpsHub>(Ops, hub =>
        {
            Configure(hub);
            hub.WebSockets.SubProtocolSelector = SubprotocolBearer.Select;
        }).RequireAuthorization(new AuthorizeAttribute { AuthenticationSchemes = AuthSchemes.HeaderOrSubprotocol });

        endpoints.MapHub<OpsHub>(Stock, Configure)
            .RequireAuthorization(new AuthorizeAttribute { AuthenticationSchemes = AuthSchemes.Stock });
    }

    /// <summary>What negotiate offers from now on. ASP.NET reads this at each request, so it also refuses a transport that it no longer offers.</summary>
    public void Offer(HttpTransportType transports)
    {
        foreach (var offer in offers)
        {
            offer.Transports = transports;
        }
    }

    private void Configure(HttpConnectionDispatcherOptions hub)
    {
        hub.AllowStatefulReconnects = true;
        hub.CloseOnAuthenticationExpiration = options.CloseOnExpiry;
        offers.Add(hub);
    }
}
