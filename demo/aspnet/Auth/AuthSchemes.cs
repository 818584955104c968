using System.Globalization;
using System.Security.Claims;
using HubshareDemo.Admin;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;

namespace HubshareDemo.Auth;

/// <summary>The two ways in which a hub of this server checks a token. Neither is the default: each endpoint names its own.</summary>
public static class AuthSchemes
{
    /// <summary>Takes the token from the Authorization header or from the subprotocols of a WebSocket.</summary>
    public const string HeaderOrSubprotocol = "HeaderOrSubprotocol";

    /// <summary>AddJwtBearer and nothing else, as most servers have it.</summary>
    public const string Stock = "Stock";

    public static IServiceCollection AddHubAuthentication(this IServiceCollection services)
    {
        services.AddAuthentication().AddJwtBearer(HeaderOrSubprotocol).AddJwtBearer(Stock);
        services.AddOptions<JwtBearerOptions>(Stock).Configure<AccessTokens>(Check);
        services.AddOptions<JwtBearerOptions>(HeaderOrSubprotocol).Configure<AccessTokens, Switches>((options, tokens, switches) =>
        {
            Check(options, tokens);
            options.Events = new JwtBearerEvents
            {
                OnMessageReceived = context =>
                {
                    context.Token = switches.Subprotocol ? SubprotocolBearer.TokenOf(context.HttpContext) : null;
                    return Task.CompletedTask;
                },
                OnTokenValidated = context =>
                {
                    RequireAccessToken(context);
                    return Task.CompletedTask;
                },
                OnChallenge = BearerChallenge.AnswerAsync,
            };
        });
        services.AddAuthorization();
        WithoutKeyRing(services);
        return services;
    }

    /// <summary>AddAuthentication also starts data protection, for cookie schemes; unused here, it would write keys to the user's home.</summary>
    private static void WithoutKeyRing(IServiceCollection services)
    {
        var isKeyRing = (ServiceDescriptor service) => service.ServiceType == typeof(IHostedService)
            && service.ImplementationType?.Namespace?.StartsWith("Microsoft.AspNetCore.DataProtection", StringComparison.Ordinal) == true;
        foreach (var service in services.Where(isKeyRing).ToList())
        {
            services.Remove(service);
        }
    }

    private static void Check(JwtBearerOptions options, AccessTokens tokens)
    {
        options.MapInboundClaims = false;
        options.TokenValidationParameters = tokens.ValidationParameters();
    }

    private static void RequireAccessToken(TokenValidatedContext context)
    {
        var isAccessToken = context.Principal?.FindFirst(TokenClaims.Type)?.Value == AccessTokens.AccessType;
        if (context.Principal is null || !isAccessToken || string.IsNullOrEmpty(TokenClaims.UserIdOf(context.Principal)))
        {
            context.Fail("Not an access token of a user.");
        }
        else if (context.SecurityToken is JsonWebToken token && AccessTokens.ExactExpiry(token) is { } expiry)
        {
            // The first is what CloseOnAuthenticationExpiration goes by. It is kept in whole seconds: the next one, for a connection must
            // not end before the time that its client was told, which is the second.
            context.Properties.ExpiresUtc = DateTimeOffset.FromUnixTimeSeconds((long)Math.Ceiling(expiry.ToUnixTimeMilliseconds() / 1000.0));
            var exact = new Claim(TokenClaims.ExactExpiresAtMs, expiry.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
            context.Principal.AddIdentity(new ClaimsIdentity([exact]));
        }
    }
}
