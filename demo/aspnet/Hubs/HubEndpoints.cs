using HubshareDemo.Auth;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Connections;

namespace HubshareDemo.Hubs;

/// <summary>The hub of the ops console, reachable in two ways: configured for tokens in subprotocols, and as a stock server has it; and the hub for administrators.</summary>
public sealed class HubEndpoints(DemoOptions options)
{
    public const string Ops = "/hubs/ops";
    public const string Stock = "/hubs/stock";
    public const string Admin = "/hubs/admin";

    private readonly List<HttpConnectionDispatcherOptions> offers = [];

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHub<OpsHub>(Ops, hub =>
        {
            Configure(hub);
            hub.WebSockets.SubProtocolSelector = SubprotocolBearer.Select;
        }).RequireAuthorization(new AuthorizeAttribute { AuthenticationSchemes = AuthSchemes.HeaderOrSubprotocol });

        endpoints.MapHub<AdminHub>(Admin, hub =>
        {
            Configure(hub);
            hub.WebSockets.SubProtocolSelector = SubprotocolBearer.Select;
        }).RequireAuthorization(new AuthorizeAttribute { AuthenticationSchemes = AuthSchemes.HeaderOrSubprotocol, Policy = HubPolicies.Admin });

        endpoints.MapHub<OpsHub>(Stock, hub =>
            {
                Configure(hub);
                hub.CloseOnAuthenticationExpiration = options.CloseOnExpiry;
            })
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
        offers.Add(hub);
    }
}
